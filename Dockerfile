# The program with everything that it needs, for CPUs or (--build-arg ENGINE=cuda) NVIDIA GPUs. See docs/docker.md.
FROM node:20.19.5-bookworm-slim AS build
# Set-up fetches TensorFlow by pip and compiles tfjs-node's addon. Nothing of this is needed later.
# Debian keeps one version of each at a time.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ python3 python3-pip \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# What set-up depends on, so that a change elsewhere does not repeat it.
COPY package.json package-lock.json .npmrc ./
COPY native native
COPY scripts scripts
COPY src/runtime src/runtime
ARG ENGINE=cpu
ENV DPS_ENGINE=$ENGINE
RUN node --input-type=module --eval "await (await import('/app/scripts/setup/setup.mjs')).setUp()" \
  && rm -rf /root/.cache /root/.npm .deps/logs .deps/engines/*/tensorflow/include
COPY . .
# Any user may run it, whatever the checkout's permissions are.
RUN chmod -R a+rX .

FROM node:20.19.5-bookworm-slim
COPY --from=build /app /app
ARG ENGINE=cpu
ENV DPS_ENGINE=$ENGINE \
  NVIDIA_VISIBLE_DEVICES=all \
  NVIDIA_DRIVER_CAPABILITIES=compute,utility
# Runs and caches go where commands are started. A new volume takes these permissions over, so any user may write there.
RUN mkdir /data && chmod 1777 /data
WORKDIR /data
VOLUME /data
USER 1000:1000
EXPOSE 4321
ENTRYPOINT ["node", "/app/scripts/run.mjs"]
CMD ["edit", "--host", "0.0.0.0"]
