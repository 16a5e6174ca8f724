"""Files of other tools and published data sets, read into rows of our own shape.

Each source says how one of its records becomes a row; the row is then checked exactly as a row of ours is.
"""

from __future__ import annotations

from annotate.readers.foreign import published, tools
from annotate.readers.foreign.multipref import multipref
from annotate.readers.foreign.source import Source, each, gathered

SOURCES = {
    source.name: source
    for source in (
        Source("argilla", "Argilla", "Records as JSON, or as exported to a data set.", each(tools.argilla)),
        Source("label-studio", "Label Studio", "A JSON export of tasks.", each(tools.label_studio)),
        Source("doccano", "doccano", "A JSONL export.", each(tools.doccano)),
        Source(
            "potato",
            "Potato",
            "annotated_instances.jsonl, sorted by instance where several people are in one file.",
            gathered(tools.potato_name, tools.potato),
        ),
        Source(
            "ultrafeedback",
            "UltraFeedback",
            "Instructions with completions and their aspects.",
            each(published.ultrafeedback),
            preset="ultrafeedback",
        ),
        Source(
            "helpsteer2",
            "HelpSteer2 ratings",
            "Rows of prompt, response and five attributes; neighbours with one prompt go together.",
            gathered(published.helpsteer2_name, published.helpsteer2),
            preset="helpsteer2",
        ),
        Source(
            "helpsteer-preference",
            "HelpSteer2-Preference and HelpSteer3",
            "Pairs with a strength from -3 to 3.",
            each(published.helpsteer_preference),
            preset="helpsteer2-preference",
        ),
        Source(
            "multipref",
            "MultiPref",
            "Pairs with the workers' and the experts' annotations.",
            each(multipref),
            preset="multipref",
        ),
        Source(
            "oasst",
            "Open-Assistant trees",
            "Message trees with ranked replies.",
            each(published.oasst_trees),
            preset="oasst-ranking",
        ),
        Source("arena", "Arena battles", "Logs of battles between two models.", each(published.arena)),
    )
}
