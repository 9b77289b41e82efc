//! Numbers for Prometheus, given on a port of this machine only.
use crate::auth::local::LocalAuthenticator;
use crate::socket::Daemon;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// The most bytes of a request that are read.
const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// How long one scrape may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the numbers come from.
struct Numbers {
    daemon: Arc<Daemon>,
    authenticator: LocalAuthenticator,
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers")
    }
}

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let [connections, sessions, trees, opens, waiting] = self.daemon.counts();
        let (leases, disconnected) = {
            let server = self.daemon.server();
            (server.lease_count(), server.waiting_count())
        };
        let gauges = [
            ("pointsman_disconnected_opens", "Opens whose client is gone and may come back.", disconnected),
            ("pointsman_leases", "Leases there are.", leases),
            ("pointsman_connections", "Connections there are.", connections),
            ("pointsman_sessions", "Sessions there are.", sessions),
            ("pointsman_tree_connects", "Connections of sessions to shares.", trees),
            ("pointsman_opens", "Opens of files, directories and pipes.", opens),
            ("pointsman_waiting_requests", "Requests that wait for something.", waiting),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            gauge.encode(metric)?;
        }
        let traffic = self.daemon.traffic();
        let held = ConstGauge::new(i64::try_from(traffic.held.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        let help = "Bytes that connections hold: requests under way and answers not yet read.";
        held.encode(encoder.encode_descriptor("pointsman_held_bytes", help, None, MetricType::Gauge)?)?;
        let totals: [(&str, &str, &AtomicU64); 4] = [
            ("pointsman_received_bytes", "Bytes from clients.", &traffic.received),
            ("pointsman_sent_bytes", "Bytes to clients.", &traffic.sent),
            ("pointsman_requests", "Requests of clients.", &traffic.requests),
            ("pointsman_refused_reads", "READs refused because too much was held.", &traffic.refused),
        ];
        for (name, help, count) in totals {
            let counter = ConstCounter::new(count.load(Ordering::Relaxed));
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let outcomes = self.authenticator.outcomes();
        let logons: [(&str, &AtomicU64); 4] = [
            ("succeeded", &outcomes.succeeded),
            ("refused", &outcomes.refused),
            ("throttled", &outcomes.throttled),
            ("malformed", &outcomes.malformed),
        ];
        let help = "Logons since the start, by how they ended.";
        let mut family = encoder.encode_descriptor("pointsman_logons", help, None, MetricType::Counter)?;
        for (outcome, count) in logons {
            let counter = ConstCounter::new(count.load(Ordering::Relaxed));
            counter.encode(family.encode_family(&[("outcome", outcome)])?)?;
        }
        Ok(())
    }
}

/// The numbers as text.
fn text(daemon: Arc<Daemon>, authenticator: LocalAuthenticator) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Numbers { daemon, authenticator }));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => text,
        Err(fmt::Error) => String::new(), // writing to a String does not fail
    }
}

/// Answers whoever asks, one after the other: there is one Prometheus.
pub(crate) async fn serve(listener: TcpListener, daemon: Arc<Daemon>, authenticator: LocalAuthenticator) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let answer = answer(stream, &daemon, &authenticator);
                if timeout(PATIENCE, answer).await.is_err() {
                    tracing::debug!("a client of the metrics was too slow");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "metrics");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// HTTP as far as `GET /metrics` needs it: RFC 9112 2, 9.6.
async fn answer(mut stream: TcpStream, daemon: &Arc<Daemon>, authenticator: &LocalAuthenticator) {
    let Some(line) = request_line(&mut stream).await else { return };
    let mut words = line.split(' ');
    let (status, kind, body) = match (words.next(), words.next()) {
        (Some("GET" | "HEAD"), Some("/metrics")) => (
            "200 OK",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            text(Arc::clone(daemon), authenticator.clone()),
        ),
        (Some("GET" | "HEAD"), _) => ("404 Not Found", "text/plain", "see /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", "text/plain", "only GET\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let body = if line.starts_with("HEAD ") { String::new() } else { body };
    // Who does not want to hear does not.
    let _ = stream.write_all((head + &body).as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// The first line, once the whole head is there.
async fn request_line(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let len = stream.read(&mut buffer).await.ok().filter(|len| *len > 0)?;
        head.extend(buffer.get(..len)?);
        if head.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
    let line = head.split(|byte| *byte == b'\r').next()?;
    String::from_utf8(line.to_vec()).ok()
}
