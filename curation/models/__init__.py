from curation.models.calibration import JudgeCalibration
from curation.models.embedding import Embedding
from curation.models.estimate import Estimate, Settlement
from curation.models.generator import Generator
from curation.models.hub_token import HubToken
from curation.models.release import EvaluationSet, Recipe, RecipeVersion, Release, ReleaseRow
from curation.models.route import Policy, Route
from curation.models.score import LatestScore, Score
from curation.models.score_list import ScoreList
from curation.models.trial import InjectionTrial

__all__ = [
    "Embedding",
    "Estimate",
    "EvaluationSet",
    "Generator",
    "HubToken",
    "InjectionTrial",
    "JudgeCalibration",
    "LatestScore",
    "Policy",
    "Recipe",
    "RecipeVersion",
    "Release",
    "ReleaseRow",
    "Route",
    "Score",
    "ScoreList",
    "Settlement",
]
