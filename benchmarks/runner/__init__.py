"""Runs the benchmarks and writes what came out."""
