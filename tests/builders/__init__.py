"""Typed builders of test data: one function a thing, every field can be overridden."""
