import gateway from "@mercuriusjs/gateway";
import Fastify from "fastify";

const services = ["accounts", "inventory", "products", "reviews"].map((name) => ({
  name,
  url: `${process.env.SUBGRAPHS}/${name}`,
  mandatory: true,
}));
const app = Fastify();
app.register(gateway, { path: "/graphql", jit: 1, gateway: { services } });
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
