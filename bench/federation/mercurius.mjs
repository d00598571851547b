import gateway from "@mercuriusjs/gateway";
import Fastify from "fastify";

const services = ["accounts", "reviews", "products", "inventory"].map((name) => ({
  name,
  url: `${process.env.SUBGRAPHS}/${name}`,
  mandatory: true,
}));
const app = Fastify();
app.register(gateway, { jit: 1, path: "/graphql", gateway: { services } });
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
