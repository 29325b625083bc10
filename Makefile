# Everything here needs Go, git and make, nothing else.
GO ?= go
BIN := bin/kktd
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
LDFLAGS := -s -w
SOURCES := go.mod go.sum $(shell find . -name '*.go' -not -name '*_test.go' -not -path './dist/*')

.PHONY: build run test model lint race bench bench-ofd bench-codec bench-http bench-drive bench-image crash soak fuzz generate cross clean

build: $(BIN)

$(BIN): $(SOURCES)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/kktd

# Starts the daemon with a demonstration receipt; Ctrl-C stops it. Flags go into
# ARGS: make run ARGS='--listen 127.0.0.1:8080'
run: $(BIN)
	./$(BIN) serve --demo $(ARGS)

test:
	$(GO) test ./...

# The fiscal drive against its model for STEPS random operations, registers that come and
# go, and registers that are kept, put back and carried; make test does fewer.
STEPS ?= 200000
IMAGE_STEPS ?= 3000
ISOLATION_STEPS ?= 4000
model:
	$(GO) test ./fn -run Model -count 1 -v -steps $(STEPS)
	$(GO) test ./kkt -run TestImagesModel -count 1 -v -timeout 60m -images.steps $(IMAGE_STEPS)
	$(GO) test ./kkt -run IsolationModel -count 1 -v -timeout 60m -isolation.steps $(ISOLATION_STEPS)

lint:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "not gofmt-ed:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

race:
	$(GO) test -race ./...

bench:
	$(GO) test -run '^$$' -bench . ./...

# The exchange with the OFD: frames, the test OFD, delivery on one connection
# against one durable commit a document, a backlog of 100 000 documents.
bench-ofd:
	$(GO) test -run '^$$' -bench OFD -timeout 30m ./ofdproto ./ofd ./sender

# Kills the daemon under load and checks what is left; KILLS=10 in make test.
KILLS ?= 200
crash:
	$(GO) test ./cmd/kktd -run '^TestCrash$$' -count=1 -v -timeout 60m -crash.kills $(KILLS)

# Fills a drive with 250 000 documents and prints what a receipt costs on the way.
bench-drive:
	$(GO) test ./cmd/kktd -run '^TestBigDrive$$' -count=1 -v -timeout 60m -bigdrive

# A register is made, used, reset and deleted through HTTP beside 1 and 10 000 others;
# then start and memory of a daemon with 10 000.
.PHONY: bench-registers
bench-registers:
	$(GO) test ./daemon -run '^$$' -bench '^BenchmarkRegisters$$' -benchtime 1000x -timeout 20m
	$(GO) test ./daemon -run '^$$' -bench '^BenchmarkStartManyRegisters$$' -benchtime 10x -timeout 20m
	$(GO) test ./cmd/kktd -run '^TestManyRegisters$$' -count=1 -v -timeout 20m -manyregisters 10000

# Carries a register with DOCUMENTS documents to another file and puts it back to a
# snapshot; prints time and memory.
DOCUMENTS ?= 100000
bench-image:
	$(GO) test ./kkt -run '^TestBigImage$$' -count=1 -v -timeout 60m -images.documents $(DOCUMENTS)

# Registers under load, an OFD with random faults that is started again and
# again; SEED repeats a run.
SOAK ?= 10m
SEED ?= 0
soak:
	$(GO) test -run '^TestSoak$$' -v -count 1 -timeout 0 ./daemon -soak $(SOAK) -soak-seed $(SEED)

# One receipt as TLV, protobuf, MessagePack and JSON; a module of its own.
bench-codec:
	cd bench && $(GO) test -run Table -passes 41 -benchtime 6ms .

# Readers of JSON at a receipt; a module of its own.
.PHONY: bench-json
bench-json:
	cd bench/decoders && GOEXPERIMENT=jsonv2 $(GO) test -v -run Table -passes 21 -benchtime 5ms .

# Receipts through HTTP against an empty handler, both under the same load
# generator, one after the other on this machine.
bench-http: $(BIN)
	$(GO) run ./cmd/benchhttp --kktd ./$(BIN)

# Each fuzz test for FUZZTIME; make test runs their seeds.
FUZZTIME ?= 1m
fuzz:
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p || exit 1; \
	  done; \
	done

generate:
	$(GO) generate ./...

cross:
	@for p in $(PLATFORMS); do \
	  os=$${p%/*}; arch=$${p#*/}; ext=; [ $$os = windows ] && ext=.exe; \
	  echo "dist/kktd-$$os-$$arch$$ext"; \
	  CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o dist/kktd-$$os-$$arch$$ext ./cmd/kktd || exit 1; \
	done

clean:
	rm -rf bin dist
