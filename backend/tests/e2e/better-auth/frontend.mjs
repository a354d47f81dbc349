// The server of a frontend: its auth route, at BETTER_AUTH_URL. Run by typescript.mjs.
//
// It ends on SIGTERM, and when its standard input closes.
import { createServer } from "node:http";
import { toNodeHandler } from "better-auth/node";
import * as route from "@/app/api/auth/[...all]/route";

const { hostname, port } = new URL(process.env.BETTER_AUTH_URL);
createServer(toNodeHandler((request) => route[request.method](request))).listen(port, hostname);
process.stdin.on("end", () => process.exit(0)).resume();
