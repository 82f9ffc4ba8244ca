//! The loop behind a push: reads the source, keeps calls in flight, turns answers into batches.

use std::sync::Arc;

use futures::future::{BoxFuture, Either, select};
use futures::stream::{BoxStream, FuturesUnordered, StreamExt};
use rest_core::BoxError;

use super::buffer::{Buffer, Limits};
use super::deliver::{Delivered, Target, Trouble, deliver};
use super::report::{Batch, Delivery, End, Outcome};
use super::{Group, Record};
use crate::error::Error;

/// Chunks in a row that fail for reasons other than their records before the push stops.
const PATIENCE: u32 = 3;

pub(super) type Rows = BoxStream<'static, Result<Record, BoxError>>;

pub(super) struct Driver {
    target: Arc<Target>,
    /// `None` when nothing more is to be read.
    source: Option<Rows>,
    buffer: Buffer,
    concurrency: usize,
    in_flight: FuturesUnordered<BoxFuture<'static, Delivered>>,
    /// Outcomes that needed no call.
    settled: Vec<Outcome>,
    settled_at_once: usize,
    troubles: u32,
    /// `None` when the last batch is given out.
    end: Option<End>,
    scratch: Vec<u8>,
}

enum Event {
    Row(Option<Result<Record, BoxError>>),
    Delivered(Delivered),
}

impl Driver {
    pub(super) fn new(target: Target, source: Rows, limits: Limits, concurrency: usize) -> Self {
        let mut driver = Self {
            source: Some(source),
            buffer: Buffer::new(limits),
            concurrency,
            in_flight: FuturesUnordered::new(),
            settled: Vec::new(),
            settled_at_once: limits.records,
            troubles: 0,
            end: Some(End::default()),
            scratch: Vec::new(),
            target: Arc::new(target),
        };
        if matches!(driver.target.group, Group::Auto | Group::Pendo) {
            let group = &driver.target.group;
            let message =
                format!("the group {group} cannot be written in bulk: use custom or agent");
            driver.stop(Error::request(message));
        }
        driver
    }

    /// The next batch; `None` after the one that says how the push ended.
    pub(super) async fn next(&mut self) -> Option<Batch> {
        self.end.as_ref()?;
        loop {
            self.send();
            if self.settled.len() >= self.settled_at_once {
                return Some(self.batch(Vec::new()));
            }
            match self.event().await {
                Some(Event::Row(row)) => self.read(row),
                Some(Event::Delivered(delivered)) => return Some(self.delivered(delivered)),
                None => {
                    return Some(Batch { end: self.end.take(), ..self.batch(Vec::new()) });
                }
            }
        }
    }

    fn send(&mut self) {
        while self.in_flight.len() < self.concurrency {
            let Some(chunk) = self.buffer.next_chunk(self.source.is_none()) else {
                return;
            };
            self.in_flight.push(Box::pin(deliver(Arc::clone(&self.target), chunk)));
        }
    }

    /// Waits for what comes first; `None` when nothing can come any more.
    async fn event(&mut self) -> Option<Event> {
        // With nothing on its way there is always reason to read on.
        let may_read = self.buffer.has_room() || self.in_flight.is_empty();
        let Some(source) = self.source.as_mut().filter(|_| may_read) else {
            return self.in_flight.next().await.map(Event::Delivered);
        };
        if self.in_flight.is_empty() {
            return Some(Event::Row(source.next().await));
        }
        Some(match select(self.in_flight.next(), source.next()).await {
            Either::Left((Some(delivered), _)) => Event::Delivered(delivered),
            Either::Left((None, row)) => Event::Row(row.await),
            Either::Right((row, _)) => Event::Row(row),
        })
    }

    fn read(&mut self, row: Option<Result<Record, BoxError>>) {
        match row {
            Some(Ok(record)) => self.take(&record),
            Some(Err(error)) => {
                self.source = None;
                if let Some(end) = &mut self.end {
                    end.source = Some(error);
                }
            }
            None => self.source = None,
        }
    }

    fn take(&mut self, record: &Record) {
        let id: Arc<str> = record.id().into();
        self.scratch.clear();
        let written = record.check().and_then(|()| {
            record.write(self.target.kind, &mut self.scratch).map_err(|error| error.to_string())
        });
        match written {
            Err(reason) => self.settled.push(Outcome::new(id, Delivery::failed(reason))),
            Ok(()) => {
                if self.buffer.add(Arc::clone(&id), &self.scratch) {
                    self.settled.push(Outcome::new(id, Delivery::Superseded));
                }
            }
        }
    }

    fn delivered(&mut self, delivered: Delivered) -> Batch {
        let Delivered { ids, deliveries, fits, trouble } = delivered;
        self.buffer.answered(&ids);
        if let Some(records) = fits {
            self.buffer.shrink(records);
        }
        match trouble {
            None => self.troubles = 0,
            Some(Trouble::Lasting(error)) => self.stop(error),
            Some(Trouble::Passing(error)) => {
                self.troubles += 1;
                if self.troubles >= PATIENCE {
                    self.stop(error);
                }
            }
        }
        let outcomes = ids.into_iter().zip(deliveries);
        self.batch(outcomes.map(|(id, delivery)| Outcome::new(id, delivery)).collect())
    }

    /// Reads no more, and gives up what waits.
    fn stop(&mut self, error: Error) {
        self.source = None;
        let reason: Arc<str> = format!("not sent, the push stopped: {}", error.kind()).into();
        for id in self.buffer.drain() {
            self.settled.push(Outcome::new(id, Delivery::failed(Arc::clone(&reason))));
        }
        if let Some(end) = &mut self.end {
            end.stopped.get_or_insert(error);
        }
    }

    fn batch(&mut self, mut outcomes: Vec<Outcome>) -> Batch {
        outcomes.append(&mut self.settled);
        Batch { outcomes, end: None }
    }
}
