//! What is written off the path of calls: it waits in a bounded channel, is gathered for a moment, and written together.
//! While it is gathered nobody is woken for it.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};

enum Message<T> {
    Entry(T),
    Flush(oneshot::Sender<()>),
}

impl<T> Message<T> {
    /// The entry that could not be put.
    fn given_back(self) -> T {
        match self {
            Self::Entry(entry) => entry,
            Self::Flush(_) => unreachable!("an entry was put"),
        }
    }
}

/// Where entries are put.
pub(crate) struct Inbox<T> {
    sender: mpsc::Sender<Message<T>>,
    hurry: Arc<Notify>,
}

/// Where they come out, for the one task that writes them.
pub(crate) struct Outbox<T> {
    receiver: mpsc::Receiver<Message<T>>,
    hurry: Arc<Notify>,
    moment: Duration,
}

/// Entries that are written together. Whoever waits for them goes on once it is dropped.
pub(crate) struct Gathered<T> {
    /// In the order they came; none where somebody only waits.
    pub(crate) entries: Vec<T>,
    waiting: Vec<oneshot::Sender<()>>,
}

/// A channel in which at most `most` entries wait, and the first of them for a `moment` at most.
pub(crate) fn gathering<T>(most: usize, moment: Duration) -> (Inbox<T>, Outbox<T>) {
    let (sender, receiver) = mpsc::channel(most);
    let hurry = Arc::new(Notify::new());
    (Inbox { sender, hurry: hurry.clone() }, Outbox { receiver, hurry, moment })
}

impl<T> Inbox<T> {
    /// Puts an entry without waiting; gives it back where too many wait or nobody takes them.
    pub(crate) fn put(&self, entry: T) -> Result<(), T> {
        let put = self.sender.try_send(Message::Entry(entry));
        // Before it is full.
        if self.sender.capacity() < self.sender.max_capacity() / 2 {
            self.hurry.notify_one();
        }
        put.map_err(|error| error.into_inner().given_back())
    }

    /// Puts an entry, once there is room for it; gives it back where nobody takes them.
    pub(crate) async fn put_patiently(&self, entry: T) -> Result<(), T> {
        let Err(entry) = self.put(entry) else { return Ok(()) };
        self.sender.send(Message::Entry(entry)).await.map_err(|error| error.0.given_back())
    }

    /// Waits until everything that was put so far is written.
    pub(crate) async fn flush(&self) {
        let (done, waiting) = oneshot::channel();
        if self.sender.send(Message::Flush(done)).await.is_ok() {
            self.hurry.notify_one();
            // It ends when the batch is dropped: written, or given up.
            let _ = waiting.await;
        }
    }
}

impl<T> Outbox<T> {
    /// The next entries; `None` once nobody can put any.
    pub(crate) async fn next(&mut self) -> Option<Gathered<T>> {
        let mut gathered = Gathered { entries: Vec::new(), waiting: Vec::new() };
        gathered.take(self.receiver.recv().await?);
        if gathered.waiting.is_empty() {
            tokio::select! {
                () = tokio::time::sleep(self.moment) => {}
                () = self.hurry.notified() => {}
            }
        }
        while let Ok(message) = self.receiver.try_recv() {
            gathered.take(message);
        }
        Some(gathered)
    }
}

impl<T> Gathered<T> {
    fn take(&mut self, message: Message<T>) {
        match message {
            Message::Entry(entry) => self.entries.push(entry),
            Message::Flush(done) => self.waiting.push(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    async fn next<T>(outbox: &mut Outbox<T>) -> Vec<T> {
        outbox.next().await.map(|gathered| gathered.entries).unwrap_or_default()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_a_moment_comes_out_together() {
        let (inbox, mut outbox) = gathering(16, HOUR);
        assert_eq!(inbox.put(1), Ok(()));
        let began = tokio::time::Instant::now();
        let gathered = tokio::join!(next(&mut outbox), async {
            tokio::time::sleep(HOUR / 2).await;
            assert_eq!(inbox.put(2), Ok(()));
        });
        assert_eq!(gathered.0, [1, 2]);
        assert_eq!(began.elapsed(), HOUR);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_waits_for_what_came_before_and_no_longer() {
        let (inbox, mut outbox) = gathering(16, HOUR);
        assert_eq!(inbox.put(1), Ok(()));
        let began = tokio::time::Instant::now();
        let written = async {
            let Some(gathered) = outbox.next().await else { return Vec::new() };
            tokio::time::sleep(Duration::from_secs(1)).await;
            gathered.entries.clone()
        };
        let ((), written) = tokio::join!(inbox.flush(), written);
        assert_eq!((written, began.elapsed()), (vec![1], Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_channel_that_fills_is_emptied_before_its_moment() {
        let (inbox, mut outbox) = gathering(4, HOUR);
        let began = tokio::time::Instant::now();
        let (gathered, ()) = tokio::join!(next(&mut outbox), async {
            for entry in 0..4 {
                assert_eq!(inbox.put_patiently(entry).await, Ok(()));
            }
        });
        assert!(!gathered.is_empty());
        assert!(began.elapsed() < HOUR);
    }

    #[tokio::test]
    async fn what_finds_no_room_or_nobody_is_given_back() {
        let (inbox, outbox) = gathering(1, HOUR);
        assert_eq!(inbox.put(1), Ok(()));
        assert_eq!(inbox.put(2), Err(2));
        drop(outbox);
        assert_eq!((inbox.put(3), inbox.put_patiently(4).await), (Err(3), Err(4)));
        inbox.flush().await;
    }

    #[tokio::test]
    async fn what_was_put_still_comes_out_when_nobody_puts_any_more() {
        let (inbox, mut outbox) = gathering(4, Duration::from_millis(1));
        assert_eq!(inbox.put("last"), Ok(()));
        drop(inbox);
        assert_eq!(next(&mut outbox).await, ["last"]);
        assert!(outbox.next().await.is_none());
    }
}
