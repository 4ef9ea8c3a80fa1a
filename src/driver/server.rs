//! A listening server: a tokio task that accepts, within limits, for one JavaScript thread.
//!
//! Must not know: what happens to a connection once it is accepted.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use tokio::{
    runtime,
    sync::{Semaphore, watch},
};

use super::inbox::{Inbox, Mail};
use crate::{
    config::ServerLimits,
    error::Result,
    transport::{self, AcceptError, BindOptions, Endpoint, Listener, Peer},
};

/// What the JavaScript thread holds of a server.
pub struct Server {
    stop: watch::Sender<bool>,
    census: Rc<Census>,
}

/// Who is connected, counted where connections begin and end: on the JavaScript thread.
#[derive(Debug, Default)]
struct Census {
    connected: Cell<usize>,
    by_uid: RefCell<HashMap<u32, u32>>,
    turned_away: Cell<usize>,
}

/// One connection's place in the census; given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    census: Rc<Census>,
    uid: Option<u32>,
}

impl Server {
    /// Binds and accepts in a task of this runtime. What happens comes as mail: first
    /// [`Mail::Listening`], then [`Mail::Accepted`], at last [`Mail::Unlistened`]. One that doesn't
    /// accept only keeps the socket for others, who inherit its descriptor.
    pub fn spawn(
        runtime: &runtime::Handle,
        inbox: Arc<Inbox>,
        index: u32,
        endpoint: Endpoint,
        options: BindOptions,
        accepts: bool,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = async move {
            match transport::bind(&endpoint, &options).await {
                Err(error) => inbox.push(Mail::Listening(index, Err(error))),
                Ok(listener) => {
                    let bound = (listener.address().to_owned(), listener.number());
                    inbox.push(Mail::Listening(index, Ok(bound)));
                    let ended = if accepts {
                        accept_until(&listener, stopped, &inbox, index).await
                    } else {
                        until(stopped).await;
                        Ok(())
                    };
                    let closed = listener.close();
                    inbox.push(Mail::Unlistened(index, ended.and(closed)));
                }
            }
        };
        runtime.spawn(task);
        Self { stop, census: Rc::default() }
    }

    /// Stops accepting; [`Mail::Unlistened`] follows when the path is cleaned up.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Lets a peer in, if the limits allow it.
    pub fn admit(&self, peer: &Peer, limits: &ServerLimits) -> Option<Seat> {
        let census = &self.census;
        let mut by_uid = census.by_uid.borrow_mut();
        let of_uid = peer.uid.map_or(0, |uid| by_uid.get(&uid).copied().unwrap_or_default());
        let full = census.connected.get() >= limits.max_connections as usize
            || (peer.uid.is_some() && of_uid >= limits.max_connections_per_uid);
        if full {
            census.turned_away.set(census.turned_away.get() + 1);
            return None;
        }
        if let Some(uid) = peer.uid {
            by_uid.insert(uid, of_uid + 1);
        }
        census.connected.set(census.connected.get() + 1);
        Some(Seat { census: Rc::clone(census), uid: peer.uid })
    }

    /// Connections now, and peers ever turned away for a limit.
    pub fn counts(&self) -> (usize, usize) {
        (self.census.connected.get(), self.census.turned_away.get())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.census.connected.set(self.census.connected.get() - 1);
        let Some(uid) = self.uid else { return };
        let mut by_uid = self.census.by_uid.borrow_mut();
        if let Some(count) = by_uid.get_mut(&uid) {
            *count -= 1;
            if *count == 0 {
                by_uid.remove(&uid);
            }
        }
    }
}

/// # Cancel safety
///
/// Cancel safe.
async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the server itself was dropped: the same.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// # Cancel safety
///
/// Cancel safe: a connection that was not handed on stays in the kernel's queue.
async fn accept_until(
    listener: &Listener,
    mut stopped: watch::Receiver<bool>,
    inbox: &Inbox,
    index: u32,
) -> Result<()> {
    // The thread may be busy for long; what it hasn't seen waits in the kernel, not here.
    let room = Arc::new(Semaphore::new(MAX_UNSEEN));
    loop {
        let turn = async {
            // Never closed, so there is always a permit in the end.
            let seen = Arc::clone(&room).acquire_owned().await.ok();
            (listener.accept().await, seen)
        };
        let (accepted, unseen) = tokio::select! {
            biased;
            // An error means that the server itself was dropped: the same.
            _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            turn = turn => turn,
        };
        match accepted {
            Ok(accepted) => {
                inbox.push(Mail::Accepted(index, accepted.stream, accepted.peer, unseen));
            }
            Err(AcceptError::Transient { pause, .. }) => tokio::time::sleep(pause).await,
            Err(AcceptError::Fatal(error)) => return Err(error),
        }
    }
}

/// Accepted connections that the JavaScript thread has not got round to.
const MAX_UNSEEN: usize = 256;
