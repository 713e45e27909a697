//! How much memory objects take, and those of others.
use futures::StreamExt;
use futures::stream;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use serde_json::json;

use super::Bench;
use super::figure::{Figure, Measured, number};
use super::process;
use super::world::{AT_ONCE, NEVER, World};

/// In how many steps memory is looked at between all objects and the most objects.
const STEPS: usize = 3;

/// How large the Secrets of others are, in bytes.
const SECRET_SIZE: usize = 1024;

/// GitLab answers at once here, since nothing is timed.
pub(super) async fn measure(bench: &Bench<'_>) -> Measured {
    let (all, most) = (bench.options.runners, bench.options.objects);
    let foreign = bench.options.foreign_secrets;
    let mut look = Look::new(&bench.with_latency(0)).await;
    look.with(0).await;
    look.with(1).await;
    let full = look.with(all).await;
    let mut figures = Vec::new();
    for (count, memory) in &look.curve {
        let name = format!("memory with {count} objects, idle");
        let name = name.replace("with 1 objects", "with 1 object");
        figures.push(Figure::new(&name, "MiB", *memory));
    }
    look.foreign_secrets(foreign).await;
    let beside = look.with(all).await;
    let name = format!("memory with {all} objects beside {foreign} Secrets of others, idle");
    figures.push(Figure::new(&name, "MiB", beside));
    let further = most.saturating_sub(all);
    if further > 0 {
        let mut top = beside;
        for step in 1..=STEPS {
            top = look.with(all + further * step / STEPS).await;
        }
        let name = format!("memory with {most} objects beside {foreign} Secrets of others, idle");
        figures.push(Figure::new(&name, "MiB", top));
        let name = format!("memory for each further object from {all} to {most}");
        let each = (top - beside) * 1024.0 / number(further);
        figures.push(Figure::new(&name, "KiB", each));
    }
    let name = "memory for each Secret of others";
    let each = (beside - full).max(0.0) * 1024.0 / number(foreign.max(1));
    figures.push(Figure::new(name, "KiB", each));
    let curve = look.curve;
    Measured { figures, curve }
}

/// Looks at the resident set of an operator that has nothing to do.
struct Look<'a> {
    world: World<'a>,
    count: usize,
    curve: Vec<(f64, f64)>,
}

impl<'a> Look<'a> {
    async fn new(bench: &Bench<'a>) -> Self {
        let world = World::running(bench, NEVER).await;
        let curve = Vec::new();
        Self {
            world,
            count: 0,
            curve,
        }
    }

    /// With so many objects in all.
    async fn with(&mut self, count: usize) -> f64 {
        let more = count - self.count;
        let names = format!("memory-{}", self.count);
        self.world.creates_many(&names, more).await;
        self.count = count;
        if count > 0 {
            self.world.are_ready(count).await;
        }
        self.world.is_quiet().await;
        let memory = process::memory(self.world.pid());
        self.curve.push((number(count), memory));
        memory
    }

    async fn foreign_secrets(&self, count: usize) {
        let (secrets, params) = (self.world.api::<Secret>(), PostParams::default());
        let text = "x".repeat(SECRET_SIZE);
        stream::iter(0..count)
            .for_each_concurrent(AT_ONCE, async |at| {
                let secret = json!({
                    "metadata": { "name": format!("foreign-{at:05}") },
                    "stringData": { "text": text },
                });
                let secret: Secret = serde_json::from_value(secret).unwrap();
                secrets.create(&params, &secret).await.unwrap();
            })
            .await;
    }
}
