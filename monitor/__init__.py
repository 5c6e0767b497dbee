"""Dispatch Watch decides here: the pipeline and its pure core.

Reading order: `core.values` (the words), `core.decisions` and `core.scoring` (what we decide),
`ports` (what the pipeline asks of the world), `pipeline` (one poll as a story), `jobs` (the named
recurring actions), `engines` (who calls them), `app` (how it all is put together), `cli`.

The four packages: monitor decides, store keeps, alerts tells, review asks.
"""

__version__ = "0.1.0"
