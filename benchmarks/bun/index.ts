// As many processes as WORKERS says, on one port, as Elysia's page on deployment has it.
import cluster from "node:cluster";

if (cluster.isPrimary) {
  for (let n = 0; n < Number(process.env.WORKERS); n++) cluster.fork();
} else {
  await import("./server");
}
