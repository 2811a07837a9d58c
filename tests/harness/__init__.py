# SPDX-License-Identifier: Apache-2.0
"""What the integration and fault tests stand on: real daemons, a client that checks every reply, a proxy."""
