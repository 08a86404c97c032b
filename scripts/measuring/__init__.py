# SPDX-License-Identifier: Apache-2.0
"""What scripts/throughput and scripts/overhead share."""
