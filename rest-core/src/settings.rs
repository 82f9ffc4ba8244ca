//! The settings every vendor's builder offers, written once.

/// Gives a builder that holds a `ClientBuilder` in its field `settings` all of its settings.
#[macro_export]
macro_rules! client_settings {
    ($builder:ty) => {
        impl $builder {
            /// Sends through this `reqwest::Client`: its proxy, roots, connect timeout and redirect
            /// policy apply. Leave redirects off, or the credential may follow one.
            pub fn http_client(mut self, client: $crate::reqwest::Client) -> Self {
                self.settings = self.settings.http_client(client);
                self
            }

            /// Names the calling program in `User-Agent`.
            pub fn user_agent(mut self, name: impl Into<String>) -> Self {
                self.settings = self.settings.user_agent(name);
                self
            }

            /// Accepts `http` for hosts other than loopback. The credential then travels in the clear.
            pub fn allow_http(mut self, allow: bool) -> Self {
                self.settings = self.settings.allow_http(allow);
                self
            }

            /// How often and how patiently calls are repeated; six attempts by default.
            pub fn retry(mut self, policy: $crate::RetryPolicy) -> Self {
                self.settings = self.settings.retry(policy);
                self
            }

            /// How much of the server's quota may be used.
            pub fn pacing(mut self, pacing: $crate::Pacing) -> Self {
                self.settings = self.settings.pacing(pacing);
                self
            }

            /// Time to make a connection, 5 seconds by default.
            pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.settings = self.settings.connect_timeout(timeout);
                self
            }

            /// Time for one attempt, its body included; 60 seconds by default, more where an endpoint
            /// needs it.
            pub fn attempt_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.settings = self.settings.attempt_timeout(timeout);
                self
            }

            /// Time that a call may spend on waits and repetitions beyond one attempt; 5 minutes by
            /// default, so that it outlives a rate-limit window.
            pub fn patience(mut self, patience: std::time::Duration) -> Self {
                self.settings = self.settings.patience(patience);
                self
            }

            /// Bytes of one answer that are read at most, after decompression; 256 MiB by default.
            pub fn max_answer(mut self, bytes: usize) -> Self {
                self.settings = self.settings.max_answer(bytes);
                self
            }

            /// Requests in flight at once over all clones; 64 by default.
            pub fn max_in_flight(mut self, requests: usize) -> Self {
                self.settings = self.settings.max_in_flight(requests);
                self
            }
        }
    };
}
