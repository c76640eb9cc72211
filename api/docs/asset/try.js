// Draws the API reference into its element, whose data attributes say where the OpenAPI description is.

const element = document.getElementById('reference');

const textOf = (operation) => [
  operation.get('method'),
  operation.get('path'),
  operation.getIn(['operation', 'operationId']),
  operation.getIn(['operation', 'summary']),
].join(' ').toLowerCase();

// Swagger UI compares what is typed with the names of the tags alone. A reader who looks for an operation knows a part
// of its path or a word of its summary; every word typed has to be found.
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
          placeholder: 'Filter by path, method or a word of the summary',
          value: typeof phrase === 'string' ? phrase : '',
          onChange: (event) => layoutActions.updateFilter(event.target.value),
        }));
    },
  },
});

SwaggerUIBundle({
  domNode: element,
  url: element.dataset.specUrl,
  // Nothing is sent to a validator elsewhere, and no token is written to the browser's storage.
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
  plugins: [operationFilter],
  layout: 'BaseLayout',
});
