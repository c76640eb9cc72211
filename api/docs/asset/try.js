// Renders Swagger UI. The data attribute of the element is the URL of the OpenAPI description.

const element = document.getElementById('reference');

const textOf = (operation) => [
  operation.get('method'),
  operation.get('path'),
  operation.getIn(['operation', 'operationId']),
  operation.getIn(['operation', 'summary']),
].join(' ').toLowerCase();

// Swagger UI filters by the names of tags only. This plugin also searches the method, the path, the operation ID and the
// summary. Each word must occur.
const operationFilter = ({ React }) => ({
  fn: {
    opsFilter: (tags, phrase) => {
      const words = phrase.toLowerCase().split(/\s+/);
      const matches = (text) => words.every((word) => text.includes(word));
      return tags
        .map((tag, name) => (matches(name.toLowerCase())
          ? tag
          : tag.update('operations', (operations) => operations.filter((one) => matches(textOf(one))))))
        .filter((tag) => tag.get('operations').size > 0);
    },
  },
  components: {
    FilterContainer: ({ layoutSelectors, layoutActions }) => {
      const phrase = layoutSelectors.currentFilter();
      return React.createElement('div', { className: 'wrapper operation-filter' },
        React.createElement('input', {
          type: 'search',
          'aria-label': 'Filter operations',
          placeholder: 'Filter by path, method or summary',
          value: typeof phrase === 'string' ? phrase : '',
          onChange: (event) => layoutActions.updateFilter(event.target.value),
        }));
    },
  },
});

// Requests go to the server of this page, whatever address the description has: the page may not call another one.
const sameServer = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        updateJsonSpec: (update) => (spec) => update({
          ...spec, servers: [{ url: element.dataset.specUrl.replace(/\/openapi\.json$/, '') || '/' }],
        }),
      },
    },
  },
});

SwaggerUIBundle({
  domNode: element,
  url: element.dataset.specUrl,
  // Do not send the description to an external validator, and do not store tokens in the browser.
  validatorUrl: null,
  persistAuthorization: false,
  deepLinking: true,
  docExpansion: 'list',
  filter: true,
  displayRequestDuration: true,
  showExtensions: true,
  showCommonExtensions: true,
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 3,
  syntaxHighlight: { theme: 'nord' },
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [operationFilter, sameServer],
  layout: 'BaseLayout',
});
