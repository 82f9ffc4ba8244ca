//! What request values are made of.

/// Lets a request value be awaited.
macro_rules! awaitable {
    ($name:ty => $output:ty, $this:ident $body:block) => {
        impl ::std::future::IntoFuture for $name {
            type Output = $crate::error::Result<$output>;
            type IntoFuture = ::futures::future::BoxFuture<'static, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                let $this = self;
                Box::pin(async move { $body })
            }
        }
    };
}

pub(crate) use awaitable;
