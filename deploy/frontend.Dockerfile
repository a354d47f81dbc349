# docker build -f deploy/frontend.Dockerfile -t duly-frontend .
#
# examples/nextjs with its Better Auth. Which origins, which database and which secret, it is told
# when it starts: the image is the same everywhere.

FROM debian:trixie-slim AS node
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates nodejs \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log

FROM node AS build
RUN apt-get update && apt-get install -y --no-install-recommends npm
# Another registry than the public one: --build-arg NPM_CONFIG_REGISTRY=…
ARG NPM_CONFIG_REGISTRY
ENV NEXT_TELEMETRY_DISABLED=1
WORKDIR /build/examples/nextjs
# What is locked changes less often than the application, so it has a layer of its own.
COPY examples/nextjs/package.json examples/nextjs/package-lock.json /build/examples/nextjs/
# Debian's npm does not look at `libc`, and installs what is for others too.
RUN npm ci --no-audit --no-fund && rm -rf node_modules/@*/*musl* node_modules/@img/sharp-wasm32
COPY clients/typescript/src /build/clients/typescript/src
COPY examples/nextjs /build/examples/nextjs
# The server with the few files of packages that it reads.
RUN STANDALONE=1 node_modules/.bin/next build
# The migration in one file, with the packages that it needs, some of which use `require`.
RUN node_modules/.bin/esbuild migrate.ts --bundle --platform=node --format=esm \
    --banner:js="import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" \
    --outfile=.next/standalone/examples/nextjs/migrate.js
COPY deploy/frontend.sh /build/examples/nextjs/
RUN mkdir /opt/frontend && cp -a .next/standalone/examples/nextjs/. public frontend.sh /opt/frontend/ \
    && cp -a .next/static /opt/frontend/.next/

FROM node
RUN useradd --uid 10002 --user-group --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin frontend
COPY --from=build /opt/frontend /opt/frontend
ENV NODE_ENV=production \
    NEXT_TELEMETRY_DISABLED=1 \
    HOSTNAME=0.0.0.0 \
    PORT=3000
USER 10002:10002
WORKDIR /opt/frontend
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/sign-in`).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/bin/sh", "/opt/frontend/frontend.sh"]
CMD ["node", "server.js"]
