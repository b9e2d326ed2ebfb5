# The one image of docker-compose.yml: the project's own set-up on Debian, and Mosquitto (docs/containers.md).
FROM debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
# Where packages come from, if not from the usual places; empty otherwise, and not kept in the image.
ARG PIP_INDEX_URL
ARG PIP_CERT
ARG GOPROXY
ARG SSL_CERT_FILE
ENV XDG_CACHE_HOME=/opt
WORKDIR /opt/vdg-project
# First what changes rarely: CometBFT, which takes minutes to build, and then the packages.
COPY requirements-go.in requirements-go.txt ./
COPY node/__init__.py node/
COPY node/toolchain node/toolchain
RUN python3 -m venv /tmp/builder && /tmp/builder/bin/python -m node.toolchain && rm -rf /tmp/builder
COPY Makefile pyproject.toml requirements.in requirements.txt ./
RUN make setup
COPY . .
RUN touch requirements.txt && make setup && .venv/bin/python -m compileall -q abci_app clients emulator node wire

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends mosquitto python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home vdg \
    # A volume takes its owner from the folder that it is mounted on first.
    && mkdir -p /vdg/keys /vdg/validator0 /vdg/validator1 /vdg/validator2 /vdg/validator3 \
        /vdg/broker /vdg/emulator /vdg/gateway /vdg/signer /vdg/dso /vdg/households /vdg/reporter \
    && chown -R vdg:vdg /vdg && chmod -R 700 /vdg/*
COPY --from=build /opt /opt
ENV PATH=/opt/vdg-project/.venv/bin:$PATH XDG_CACHE_HOME=/opt PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER vdg
WORKDIR /opt/vdg-project
ENTRYPOINT ["python", "-m", "node.containers"]
