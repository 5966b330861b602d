// The part of jsonld that the verifier needs: expansion in safe mode and the node map. assets.sh bundles it.
// RDF is made of it by js/quads.js and canonicalised by js/canon.js, within bounds.

import ContextResolver from 'jsonld/lib/ContextResolver.js';
import context from 'jsonld/lib/context.js';
import events from 'jsonld/lib/events.js';
import expand from 'jsonld/lib/expand.js';
import nodeMap from 'jsonld/lib/nodeMap.js';
import util from 'jsonld/lib/util.js';

/**
 * @param {Object<string, any>} input
 * @param {(iri: string) => {documentUrl: string, document: any, tag: string}} load
 * @param {Map<string, any>} sharedCache contexts as they were resolved, of that loader only
 */
export async function nodesOf(input, load, sharedCache) {
  const options = { base: '', keepFreeFloatingNodes: false, documentLoader: load, contextResolver: new ContextResolver({ sharedCache }), safe: true };
  options.eventHandler = events.setupEventHandler({ options });
  let expanded = await expand.expand({ activeCtx: context.getInitialContext(options), element: input, options });
  if (expanded && !Array.isArray(expanded) && '@graph' in expanded && Object.keys(expanded).length === 1) expanded = expanded['@graph'];
  const nodes = { '@default': {} };
  nodeMap.createNodeMap(expanded === null ? [] : [].concat(expanded), nodes, '@default', new util.IdentifierIssuer('_:b'));
  return nodes;
}
