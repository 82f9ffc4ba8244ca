//! What every group of endpoints is made of.

/// Lets a request value be awaited: `$ready` turns it into the request, `$answer` into its answer.
macro_rules! awaitable {
    ($name:ty => $output:ty, $this:ident $body:block $(where $generic:ident : $bound:path)?) => {
        impl$(<$generic: $bound>)? ::std::future::IntoFuture for $name {
            type Output = $crate::error::Result<$output>;
            type IntoFuture = ::futures::future::BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                let $this = self;
                Box::pin(async move { $body })
            }
        }
    };
}

/// The options of every listing, on a value that holds a `List` in its field `list`.
macro_rules! list_options {
    ($name:ty => $item:ty, $limits:literal $(where $generic:ident : $bound:path)?) => {
        impl$(<$generic: $bound>)? $name {
            #[doc = concat!("Items per page. ", $limits)]
            pub fn page_size(mut self, items: u16) -> Self {
                self.list = self.list.query("limit", items);
                self
            }

            /// Ends after this many items in all.
            pub fn limit(mut self, items: u64) -> Self {
                self.list = self.list.limit(items);
                self
            }

            /// Goes on from a cursor of the same listing instead of the start. The cursor holds the
            /// listing's query and page size; setting another query is an error.
            pub fn resume(mut self, cursor: $crate::Cursor) -> Self {
                self.list = self.list.resume(cursor);
                self
            }

            /// Requests the next page while the caller works on the current one; off by default.
            pub fn prefetch(mut self, ahead: bool) -> Self {
                self.list = self.list.prefetch(ahead);
                self
            }

            /// All items, page after page.
            pub fn stream(self) -> ::rest_core::Items<$crate::error::OktaError, $item> {
                self.list.stream()
            }

            /// Page by page, each with its cursor.
            pub fn pages(self) -> ::rest_core::Pages<$crate::error::OktaError, $item> {
                self.list.pages()
            }
        }
    };
}

/// `Debug` that names the endpoint and shows nothing of what is to be sent: it may hold a password.
macro_rules! shows_endpoint_only {
    ($($name:ident),+) => {$(
        impl<P> ::std::fmt::Debug for $name<P> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name)).field("request", &self.request).finish_non_exhaustive()
            }
        }
    )+};
}

pub(crate) use {awaitable, list_options, shows_endpoint_only};
