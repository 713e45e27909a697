//! Ports that nobody uses.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// Free ports of 127.0.0.1, all different. Somebody else may take one before its program does,
/// which is why whoever starts a program tries again.
pub(crate) fn free<const N: usize>() -> Result<[u16; N]> {
    // All are held until all are known, or the system might hand out one of them twice.
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}
