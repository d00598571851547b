import http from "node:http";
import zlib from "node:zlib";

const large = Buffer.alloc(1_000_000, "a");
http
  .createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      response.setHeader("content-type", "text/plain");
      const path = request.url.split("?")[0];
      if (path === "/large") response.setHeader("content-length", large.length).end(large);
      else if (path === "/gzip") response.setHeader("content-encoding", "gzip").end(zlib.gzipSync(large));
      else if (path === "/none") response.writeHead(204).end();
      else if (path === "/chunked") {
        for (let i = 0; i < 100; i++) response.write("aaaaaaaaaa");
        response.end();
      } else if (path === "/echo") response.end(Buffer.concat(parts));
      else if (path === "/early") {
        response.writeEarlyHints({ link: "</a>; rel=preload" });
        response.setHeader("content-length", 2).end("ok");
      } else response.setHeader("content-length", 2).end("ok");
    });
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
