"""Thin translators between the engine and the tools around it: each knows the engine, the engine knows none."""
