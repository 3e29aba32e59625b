// SPDX-License-Identifier: Apache-2.0
//
// What the target `peer` is made of: one function for each thing that a hostile peer, or a file, can put bytes into.
#pragma once

#include "support.h"

namespace opennvsci::fuzz {

/// Bytes of every kind that the libraries take from a peer: any bytes, or valid ones with changes.
void fuzz_blobs(FuzzedDataProvider& in);
/// The text of a configuration.
void fuzz_configuration(FuzzedDataProvider& in);
/// The memory of a channel, written to by a peer between and within the calls of the other end.
void fuzz_ring(FuzzedDataProvider& in);
/// Messages and descriptors on the socket of a link.
void fuzz_link(FuzzedDataProvider& in);

}  // namespace opennvsci::fuzz
