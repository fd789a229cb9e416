//! What an operation needs beside its own flags: the cloud, the time left, how to print.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use cloudapi::compute::WaitOptions;
use cloudapi::{CloudProvider, Environment, Error, ErrorKind, Provider, ProviderConfig};
use tokio::time::Instant;

use crate::connection;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::interrupt::Interrupt;
use crate::output::{Printer, Report};
use crate::request::Request;

/// How much longer than `--timeout` a call may take to tell by itself how far it got.
const GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Context {
    config: ProviderConfig,
    printer: Printer,
    request: Request,
    interrupt: Interrupt,
    end: Option<Instant>,
}

impl Context {
    /// Checks the global options.
    pub(crate) fn new(globals: &Globals) -> Result<Self, Failure> {
        let config = connection::config(globals, &Environment::process())?;
        let timeout = config.retry.deadline;
        let now = Instant::now();
        Ok(Self {
            config,
            printer: Printer::new(globals.output, globals.query.as_deref())?,
            request: Request::read(globals.request.as_deref())?,
            interrupt: Interrupt::listen()?,
            end: timeout.and_then(|limit| now.checked_add(limit)),
        })
    }

    /// The request that `--request` names, for the operation's flags to override.
    pub(crate) fn request(&self) -> Request {
        self.request.clone()
    }

    /// Connects to the cloud.
    pub(crate) async fn connect(&self) -> Result<Arc<dyn CloudProvider>, Failure> {
        self.call(cloudapi::connect(&self.config)).await
    }

    /// Which cloud it is.
    pub(crate) fn provider(&self) -> Provider {
        self.config.provider
    }

    /// Waits for a call, at most until Ctrl-C or until the time is over and it doesn't notice itself.
    pub(crate) async fn call<T>(
        &self,
        call: impl Future<Output = cloudapi::Result<T>>,
    ) -> Result<T, Failure> {
        let overdue = async {
            match self.end.and_then(|end| end.checked_add(GRACE)) {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            result = call => result.map_err(Failure::from),
            () = self.interrupt.wait() => Err(Failure::interrupted()),
            () = overdue => {
                let error = Error::new(ErrorKind::Timeout, "the time given with --timeout is over");
                Err(error.with_provider(self.provider()).into())
            }
        }
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn interrupted(&self) {
        self.interrupt.wait().await;
    }

    /// Waits for the user, at most until Ctrl-C.
    pub(crate) async fn ask<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            answer = answer => Ok(answer),
            () = self.interrupt.wait() => Err(Failure::interrupted()),
        }
    }

    /// How long `--wait` may take: what is left of `--timeout`, else ten minutes.
    pub(crate) fn wait_options(&self) -> WaitOptions {
        let options = WaitOptions::default();
        match self.end {
            Some(end) => options.with_timeout(end.saturating_duration_since(Instant::now())),
            None => options,
        }
    }

    /// Writes a result in the format and with the query that were asked for.
    pub(crate) fn print(&self, result: &impl Report) -> crate::output::Done {
        self.printer.print(result)
    }

    /// Tells a person at a terminal what is going on.
    pub(crate) fn note(text: &str) {
        let mut stderr = std::io::stderr();
        if stderr.is_terminal() {
            // Nothing depends on its being read.
            let _ = writeln!(stderr, "{text}");
        }
    }
}
