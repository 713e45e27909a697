-- The health of a GitLabRunner or of a connection, from its conditions. For Argo CD, which hands the
-- object over as `obj`; argocd-cm.yaml beside this holds it as Argo CD wants it.
local waiting = { status = "Progressing", message = "the operator has not come to it yet" }
local status = obj.status
if status == nil or status.conditions == nil then
  return waiting
end
if status.observedGeneration ~= obj.metadata.generation then
  return waiting
end
local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
local ready, stalled = conditions.Ready, conditions.Stalled
if ready == nil then
  return waiting
end
local function health(word)
  return { status = word, message = ready.message }
end
if stalled ~= nil and stalled.status == "True" then
  return health("Degraded")
end
if ready.status == "True" then
  return health("Healthy")
end
if ready.reason == "Suspended" then
  return health("Suspended")
end
if conditions.Reconciling ~= nil and conditions.Reconciling.status == "True" then
  return health("Progressing")
end
-- Under driftPolicy Report a difference stays until somebody changes something.
if ready.status == "False" then
  return health("Degraded")
end
return health("Progressing")
