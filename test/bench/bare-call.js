// The least that a gRPC client on grpc-js can be: one call of ListNodes, its answer counted. The rival of
// `vsctl nodes list`. Requests and answers stay bytes: an empty request asks for the first page.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { Client, Metadata, credentials } from "@grpc/grpc-js";

const config = JSON.parse(readFileSync(process.env.BARE_CONFIG, "utf8"));
const client = new Client(new URL(config.server).host, credentials.createSsl(Buffer.from(config.authorityPem)));
const metadata = new Metadata();
metadata.set("authorization", `Bearer ${config.token}`);
const bytes = (message) => message;
client.makeUnaryRequest(
  "/vstream.v1.AdminService/ListNodes",
  bytes,
  bytes,
  Buffer.alloc(0),
  metadata,
  { deadline: Date.now() + 5000 },
  (error, answer) => {
    if (error) throw error;
    process.stdout.write(`${answer.length} bytes\n`);
    client.close();
  },
);
