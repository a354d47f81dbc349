// What stands between a browser and Duly: it counts, and goes wrong when told to.
import http from "node:http";

export class Front {
  /** Whether nobody gets through. */
  isDown = false;
  /** Paths whose requests get no answer as long as it is so. */
  hanging = null;
  /** Paths whose requests are done, but answered late: when they are released. */
  delaying = null;
  /** How many answers of `/sync` are lost on their way back. */
  losing = 0;
  /** Answers instead of Duly's, by the end of the path: a status, and what else there is to them. */
  instead = {};
  /** Requests so far, what commands they had, and streams that are open. */
  requests = [];
  commands = [];
  streams = new Set();
  held = [];

  constructor(target) {
    this.target = new URL(target);
    this.server = http.createServer((request, response) => this.answer(request, response));
  }

  async listen() {
    await new Promise((done) => this.server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  count(path) {
    return this.requests.filter((name) => name.endsWith(path)).length;
  }

  down() {
    this.isDown = true;
    this.cut();
  }

  up() {
    this.isDown = false;
  }

  /** End the streams as a network does: without a word. */
  cut() {
    for (const stream of this.streams) stream.destroy();
  }

  hang(path) {
    this.hanging = path;
  }

  release() {
    this.hanging = this.delaying = null;
    for (const pass of this.held.splice(0)) pass();
  }

  async answer(request, response) {
    if (this.isDown) return request.socket.destroy();
    const { pathname } = new URL(request.url, this.target);
    if (request.method !== "OPTIONS") this.requests.push(pathname);
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    if (pathname.endsWith("/sync") && request.method === "POST")
      this.commands.push(JSON.parse(Buffer.concat(pieces)).commands);
    if (request.method !== "OPTIONS") {
      if (this.hanging && pathname.endsWith(this.hanging)) await new Promise((pass) => this.held.push(pass));
      const name = Object.keys(this.instead).find((end) => pathname.endsWith(end));
      if (name) {
        const said = this.instead[name];
        const { status = said, headers, body = "{}", to = () => true } = said;
        const allowed = { "access-control-allow-origin": request.headers.origin ?? "*" };
        const exposed = { "access-control-expose-headers": "Retry-After" };
        if (to(String(Buffer.concat(pieces)))) return response.writeHead(status, { ...allowed, ...exposed, ...headers }).end(body);
      }
    }
    this.pass(request, response, Buffer.concat(pieces), pathname);
  }

  pass(request, response, body, pathname) {
    const { method, url, headers } = request;
    const options = { method, path: url, headers, host: this.target.hostname, port: this.target.port };
    const forwarded = http.request(options, (answer) => {
      if (pathname.endsWith("/sync") && method === "POST" && this.losing > 0) {
        this.losing--;
        answer.resume().on("end", () => request.socket.destroy());
        return;
      }
      if (this.delaying && pathname.endsWith(this.delaying) && method !== "OPTIONS") {
        const pieces = [];
        answer.on("data", (piece) => pieces.push(piece)).on("end", () =>
          this.held.push(() => response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(pieces))));
        return;
      }
      if (pathname.endsWith("/events") && method === "GET") {
        this.streams.add(response);
        response.on("close", () => this.streams.delete(response));
      }
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    response.on("close", () => forwarded.destroy());
    forwarded.on("error", () => request.socket.destroy());
    forwarded.end(body);
  }
}
