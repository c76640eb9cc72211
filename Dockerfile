# syntax=docker/dockerfile:1

# The image of the service: one static binary, without a shell, run by an unprivileged user. Build it with `make docker`.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
ARG RELEASE=
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
	GOOS="$TARGETOS" GOARCH="$TARGETARCH" make build RELEASE="$RELEASE" && mkdir data

FROM gcr.io/distroless/static-debian12:nonroot
COPY LICENSE NOTICE /licenses/
COPY --from=build /src/bin/interviewer /usr/local/bin/interviewer
# A volume that is mounted here belongs to the image's user. Production stores nothing in it.
COPY --from=build --chown=65532:65532 /src/data /data
ENV LOCAL_DIR=/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD ["/usr/local/bin/interviewer", "health"]
ENTRYPOINT ["/usr/local/bin/interviewer"]
CMD ["serve"]
