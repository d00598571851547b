// One execution per request: without this two identical requests in flight would share one.
import { defineConfig } from "@graphql-hive/gateway";

const planner = process.env.ROUTER === "1" ? await import("@graphql-hive/router-runtime") : {};

export const gatewayConfig = defineConfig({
  inboundInflightRequestDeduplication: process.env.SHARE === "1",
  logging: "error",
  ...("unifiedGraphHandler" in planner ? { unifiedGraphHandler: planner.unifiedGraphHandler } : {}),
});
