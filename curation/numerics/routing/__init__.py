"""Human or model: which pairs gain from a person's label. Arrays in, frozen results out.

After HyPER (Miranda et al. 2024, "Hybrid Preferences", arXiv 2410.19133); docs/methods.md says where this
differs from it.
"""
