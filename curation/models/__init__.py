from curation.models.estimate import Estimate, Settlement
from curation.models.release import Recipe, Release, ReleaseRow
from curation.models.route import Policy, Route
from curation.models.score import Score

__all__ = ["Estimate", "Policy", "Recipe", "Release", "ReleaseRow", "Route", "Score", "Settlement"]
