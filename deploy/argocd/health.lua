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
-- A suspended object too, and one whose drift is only reported: Argo CD's own Suspended would hold
-- back every later sync wave, and there is nothing to wait for.
if ready.status == "True" then
  return health("Healthy")
end
return health("Progressing")
