"""Virtual environments for workers: built once, content-keyed, never used unless whole."""

from lp_runner.envs.build import Tell
from lp_runner.envs.cache import Built, Cache
from lp_runner.envs.environments import Environments, Interpreter
from lp_runner.envs.links import apart
from lp_runner.envs.spec import Spec, spec_of

__all__ = ["Built", "Cache", "Environments", "Interpreter", "Spec", "Tell", "apart", "spec_of"]
