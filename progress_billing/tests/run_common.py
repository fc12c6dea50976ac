from .common import ProgressBillingCommon as RunCommon  # noqa: F401
