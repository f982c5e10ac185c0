"""The store of artefacts and the run folder; nobody else writes there."""

from lp_runner.store.folder import Store
from lp_runner.store.journal import Journal
from lp_runner.store.manifest import Manifest
from lp_runner.store.output import Output
from lp_runner.store.runfolder import Run, RunFolder

__all__ = ["Journal", "Manifest", "Output", "Run", "RunFolder", "Store"]
