"""Rules of the flow that need no database: plain values in, plain values out."""
