"""Reads the files people bring: bytes in, rows and placed defects out.

Pure and streaming: standard library only, nothing of Django, and no row is held longer than it is being read.
"""
