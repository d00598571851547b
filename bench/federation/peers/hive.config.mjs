// SHARE=1: identical requests in flight share one execution. PLANNER=rust: plans and execution by the router's runtime.
import { defineConfig } from "@graphql-hive/gateway";

const config = { inboundInflightRequestDeduplication: process.env.SHARE === "1", logging: "error" };
if (process.env.PLANNER === "rust") {
  const { unifiedGraphHandler } = await import("@graphql-hive/router-runtime");
  config.unifiedGraphHandler = unifiedGraphHandler;
}
export const gatewayConfig = defineConfig(config);
