# kktd as an image of one static binary. HEALTHCHECK asks it whether it takes requests.
#
#   docker build -t kktd .
#   docker run --rm -p 5454:5454 -p 5456:5456 kktd
#
# /data keeps the registers: mount a volume there, or pass --memory. The control API is
# for loopback, and a published port is not: set KKTD_CONTROL_TOKEN for it.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /kktd ./cmd/kktd && mkdir /data

FROM scratch
COPY --from=build /kktd /kktd
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV KKTD_DATA=/data/kktd.db KKTD_LISTEN=0.0.0.0:5454 KKTD_OFD_LISTEN=0.0.0.0:5456
EXPOSE 5454 5456
VOLUME /data
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --start-interval=200ms CMD ["/kktd", "ready", "--addr", "127.0.0.1:5454", "--timeout", "2s"]
ENTRYPOINT ["/kktd"]
CMD ["serve", "--log-format", "json"]
