# One image for each role: it serves the page and the gRPC door, or with `grpc` or `web` behind its name
# one of them. tests/docker_test.ts carries out these steps; docs/decisions/0004 says why these bases.

FROM node:20.20.2-bookworm-slim AS build
# The program alone, without npm's wrapping.
RUN npm install --global deno@2.9.6 \
  && cp "$(deno eval 'console.log(Deno.execPath())')" /opt/deno
ENV DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1
WORKDIR /app
# First what rarely changes, so that a change of code downloads nothing.
COPY deno.json deno.lock ./
COPY tests/std_assert tests/std_assert
RUN deno ci
COPY . .
RUN deno task bundle
# Each role once, so that all is cached as it will be asked for.
RUN for role in start.ts:start grpc_server.ts:grpc gateway/main.ts:web; do \
    deno run --frozen --cached-only --quiet -P="${role#*:}" "${role%:*}" --help > /dev/null || exit 1; \
  done

FROM debian:12.11-slim
COPY --from=build /opt/deno /usr/local/bin/deno
COPY --from=build /deno /deno
COPY --from=build /app /app
# A command for each role, and `health` for all; no fetching, whatever is missing.
RUN for role in start.ts:start grpc_server.ts:grpc gateway/main.ts:web runtime/health_check.ts:health; do \
    command="/usr/local/bin/${role#*:}"; \
    set="${role#*:}"; [ "$set" = health ] && set=web; \
    printf '#!/bin/sh\nexec deno run --cached-only --quiet --v8-flags=--max-semi-space-size=8 -P=%s %s "$@"\n' "$set" "${role%:*}" > "$command" \
    && chmod 755 "$command" || exit 1; \
  done \
  && install -d -o 10001 -g 10001 /data
ENV DENO_DIR=/deno DENO_NO_UPDATE_CHECK=1 HOST=0.0.0.0 GRPC_HOST=0.0.0.0 CHAT_DATA=/data
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000 50051
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["health"]
CMD ["start"]
