//! What tests of several modules share.

use std::{
    future::poll_fn,
    pin::Pin,
    task::Poll::{Pending, Ready},
};

/// Lets a future come so far: to where it waits for its `steps`-th answer and the answer is there.
/// What it came to, if it ended before. Who is not polled stands still, so that each place where it
/// waits can be a place where something else comes in between.
pub async fn stop_after<F: Future>(steps: usize, mut future: Pin<&mut F>) -> Option<F::Output> {
    let mut left = steps;
    poll_fn(move |context| {
        if left == 0 {
            return Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Ready(output) => Ready(Some(output)),
            Pending => Pending,
        }
    })
    .await
}
