from .common import ProgressBillingCommon as RetainageCommon  # noqa: F401
