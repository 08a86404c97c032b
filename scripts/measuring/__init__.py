# SPDX-License-Identifier: Apache-2.0
"""Parts that scripts/throughput and scripts/overhead share."""
