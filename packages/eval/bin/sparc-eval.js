#!/usr/bin/env node
// A file that is there before the package is built, so that the package manager can link it.
import '../dist/cli/main.js'
