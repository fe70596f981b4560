# What one does with DeepChip from a fresh clone. Every goal installs what is missing first.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help dependencies build demo test embedded aarch64 lint format docs clean

# A crash ends the process instead of starting the interactive backtracer.
export SWIFT_BACKTRACE ?= enable=no

help: ## Lists these goals.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dependencies: ## Installs the libraries that are missing: zlib, libpng, libjpeg-turbo, libcrypto.
	@Scripts/install-dependencies.sh

build: dependencies ## Builds the command with optimization: .build/release/deepchip.
	swift build -c release --product deepchip

demo: build ## Runs the main job from end to end on the built-in data set.
	.build/release/deepchip demo

test: dependencies ## Runs all tests.
	swift test

embedded: ## Builds the core without Foundation as Embedded Swift, on this machine.
	swift build --package-path Embedded

aarch64: ## Tests the AArch64 kernels, and the executor with them, under emulation.
	Scripts/test-aarch64.sh

lint: ## Checks the format of all Swift sources.
	@Scripts/list-sources.sh | xargs -0 swift format lint --strict
	@echo "The format is clean."

format: ## Brings all Swift sources into format.
	@Scripts/list-sources.sh | xargs -0 swift format --in-place

docs: dependencies ## Builds the documentation of the public interface into .build/documentation.
	Scripts/build-documentation.sh

clean: ## Removes everything that was built.
	rm -rf .build Embedded/.build
