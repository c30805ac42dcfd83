//! Waiting for so long and no longer.

use std::{pin::pin, task::Poll, time::Duration};

use futures::poll;
use tokio::time::{error::Elapsed, timeout};

/// What `future` comes to, if that takes no longer than `limit`. Most of what requests wait for is
/// there at once, and gets no timer.
///
/// # Errors
/// When it takes longer.
pub async fn within<F: Future>(limit: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    match poll!(future.as_mut()) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => timeout(limit, future).await,
    }
}
