//! An object that does not have the shape of its kind still has a status, and that must not go on
//! saying what was so before.
use kube::{
    Api, Resource, ResourceExt,
    api::{ApiResource, DynamicObject, ListParams, PostParams, TypeMeta},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Context, error::Error};

/// Writes the status that follows from the one that is there and from spec, if it differs.
pub(super) async fn write_status<K, S>(
    ctx: &Context,
    object: &impl Resource,
    next: impl FnOnce(&S, &Value) -> S,
) -> Result<(), Error>
where
    K: Resource<DynamicType = ()>,
    S: Default + Serialize + DeserializeOwned + PartialEq,
{
    let kind = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = match &object.meta().namespace {
        Some(namespace) => Api::namespaced_with(ctx.kube.clone(), namespace, &kind),
        None => Api::all_with(ctx.kube.clone(), &kind),
    };
    let name = object.name_any();
    // We may list these kinds, and not get them one by one.
    let only = ListParams::default().fields(&format!("metadata.name={name}"));
    let found = api.list(&only).await;
    let found = found.map_err(|error| Error::kube("read the object", error))?;
    let Some(mut raw) = found.items.into_iter().next() else {
        return Ok(());
    };
    let part = |name| raw.data.get(name).cloned().unwrap_or_default();
    let (spec, before) = (part("spec"), part("status"));
    let before = serde_json::from_value::<S>(before).ok();
    let next = next(before.as_ref().unwrap_or(&S::default()), &spec);
    if before.as_ref() == Some(&next) {
        return Ok(());
    }
    if let Some(fields) = raw.data.as_object_mut() {
        let status = serde_json::to_value(next).unwrap_or_default();
        fields.insert("status".to_owned(), status);
    }
    raw.metadata.managed_fields = None;
    raw.types = Some(TypeMeta::resource::<K>());
    let written = api
        .replace_status(&name, &PostParams::default(), &raw)
        .await;
    written
        .map(drop)
        .map_err(|error| Error::kube("write the status", error))
}
