// SPDX-License-Identifier: Apache-2.0

#ifndef THALWEG_TRANSPORT_IN_PROCESS_H_
#define THALWEG_TRANSPORT_IN_PROCESS_H_

// The transport of a cluster that lives in one process: coordinator and workers on their own
// threads, frames handed over as they are. Bodies are shared, heads are moved; nothing is
// serialized again.

#include <map>
#include <memory>

#include "base/mutex.h"
#include "transport/transport.h"

namespace thalweg::transport {

namespace internal {
struct InProcessListener;
}  // namespace internal

/// Addresses are any names, known to this object alone. Safe from any thread. Connections outlive
/// the transport.
class InProcessTransport final : public Transport {
 public:
  InProcessTransport();
  ~InProcessTransport() override;

  Status Listen(const Address& address, Mailbox& mailbox, Acceptor acceptor) override;
  void StopListening(const Address& address) override;
  std::unique_ptr<Connection> Dial(const Address& address,
                                   Mailbox& mailbox,
                                   std::shared_ptr<ConnectionHandler> handler) override;

 private:
  Mutex mutex_;
  std::map<Address, std::shared_ptr<internal::InProcessListener>> listeners_ GUARDED_BY(mutex_);
};

}  // namespace thalweg::transport

#endif  // THALWEG_TRANSPORT_IN_PROCESS_H_
